//! Whose turn it is, how many wait, and who is told of a run.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn few_runs_wait_and_one_that_waits_can_be_cancelled() {
    let folder = Folder::new();
    let research = folder.idle("here");
    let mut ids = Vec::new();
    for _ in 0..12 {
        ids.push(research.start(backtest()).await.unwrap().id);
    }
    let error = research.start(backtest()).await.unwrap_err();
    assert_eq!((why(&error).0, error.status().as_u16()), ("too_many_runs", 429));
    assert!(error.problem().detail.contains("12 of your runs wait"), "{error:?}");
    let by_key = NewRun { by: "key:spare".to_owned(), ..backtest() };
    let error = research.start(by_key).await.unwrap_err();
    assert!(error.problem().detail.contains("12 of your"), "another key of the person: {error:?}");
    let others = || NewRun { owner: person('b'), ..backtest() };
    for _ in 0..4 {
        research.start(others()).await.unwrap();
    }
    let error = research.start(others()).await.unwrap_err();
    assert!(error.problem().detail.contains("16 runs wait, of others too"), "{error:?}");
    let third = || NewRun { owner: person('c'), ..backtest() };
    let first = research.start(third()).await.unwrap();
    let error = research.start(third()).await.unwrap_err();
    assert!(error.problem().detail.contains("17 runs wait"), "nobody is kept out: {error:?}");
    research.cancel(first.id, ALL).await.unwrap();
    for error in [
        research.remove(ids[0].clone(), ALL).await.map(drop).unwrap_err(),
        research.result(ids[0].clone(), ALL).await.map(drop).unwrap_err(),
    ] {
        assert!(["still_running", "not_done"].contains(&why(&error).0), "{error:?}");
    }
    let run = research.cancel(ids[0].clone(), ALL).await.unwrap();
    assert_eq!((run.status, run.started_at), (RunState::Cancelled, None));
    research.start(backtest()).await.unwrap();
    research.remove(ids[0].clone(), ALL).await.unwrap();
    let error = research.get(ids[0].clone(), ALL).await.unwrap_err();
    assert_eq!(why(&error).0, "run_unknown");
    let run = research.cancel(ids[1].clone(), ALL).await.unwrap();
    assert_eq!(research.cancel(run.id.clone(), ALL).await.unwrap(), run, "it has ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_run_is_told_to_or_done_for_who_does_not_reach_it() {
    let folder = Folder::new();
    let research = folder.working("here");
    let reach = |letter| Reach { owner: person(letter), everything: false };
    let run = research.start(backtest()).await.unwrap();
    ended(&research, &run.id).await;
    let refused = [
        research.get(run.id.clone(), reach('b')).await.map(drop),
        research.result(run.id.clone(), reach('b')).await.map(drop),
        research.report(run.id.clone(), reach('b')).await.map(drop),
        research.cancel(run.id.clone(), reach('b')).await.map(drop),
        research.remove(run.id.clone(), reach('b')).await,
    ];
    let absent = research.get("absent".to_owned(), reach('b')).await.map(drop).unwrap_err();
    for refused in refused {
        let error = refused.unwrap_err();
        let like = absent.problem().detail.replace("absent", &run.id);
        assert_eq!((why(&error), &error.problem().detail), (why(&absent), &like));
    }
    assert!(research.list(10, None, reach('b')).await.unwrap().is_empty());
    assert_eq!(research.list(10, None, reach('a')).await.unwrap().len(), 1);
    assert!(research.result(run.id.clone(), reach('a')).await.is_ok());
    research.remove(run.id, reach('a')).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_one_run_does_not_wait_for_all_of_anothers() {
    let folder = Folder::new();
    let research = folder.idle("here");
    let mut ids = Vec::new();
    for letter in ['a', 'a', 'a', 'b', 'c', 'b'] {
        let run = NewRun { owner: person(letter), ..backtest() };
        ids.push(research.start(run).await.unwrap().id);
    }
    research.spawn().unwrap();
    let mut began = Vec::new();
    for id in &ids {
        began.push((ended(&research, id).await.started_at.unwrap(), id));
    }
    began.sort();
    let order: Vec<usize> =
        began.iter().map(|(_, id)| ids.iter().position(|other| other == *id).unwrap()).collect();
    assert_eq!(order, [0, 3, 4, 1, 5, 2], "each in turn, in the order in which they asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_again_and_again_does_not_overtake_who_waits() {
    let folder = Folder::new();
    let research = folder.idle("here");
    let ask = |letter| research.start(NewRun { owner: person(letter), ..backtest() });
    for letter in ['a', 'a', 'a', 'b', 'b', 'b', 'c'] {
        ask(letter).await.unwrap();
    }
    let mut order = Vec::new();
    for _ in 0..9 {
        let id = research.0.line.next().unwrap().id.clone();
        let owner = research.0.row(&id, &ALL).unwrap().owner;
        if owner == person('c') && order.len() < 6 {
            ask('c').await.unwrap();
        }
        order.push(['a', 'b', 'c'].into_iter().find(|letter| person(*letter) == owner).unwrap());
    }
    assert_eq!(order.iter().collect::<String>(), "abcabcabc");
}
