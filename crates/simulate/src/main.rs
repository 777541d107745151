//! The simulator as a program: `cofferdam-simulate --seeds N --seed S [--json]`.
//!
//! This file must not know what a run does.

use std::process::ExitCode;

use simulate::{Options, Report, run, trace};

const HELP: &str = "\
Plays simulated worlds full of faults and checks what must hold in spite of them.

usage: cofferdam-simulate [--seeds N] [--seed S] [--threads T] [--fail-fast] [--json] [--trace]

  --seeds N     how many worlds to play (1)
  --seed S      the first seed (1)
  --threads T   how many to play at a time (2)
  --fail-fast   stop at the first world in which something does not hold
  --json        print the report as JSON
  --trace       play the one world of --seed and print everything that happens in it

exit codes: 0 everything held, 1 something did not, 2 bad usage
";

struct Arguments {
    options: Options,
    json: bool,
    trace: bool,
}

fn number(value: Option<String>, name: &str) -> Result<u64, String> {
    let value = value.ok_or_else(|| format!("{name} needs a number"))?;
    value.parse().map_err(|_| format!("{name} needs a number, not `{value}`"))
}

fn arguments() -> Result<Option<Arguments>, String> {
    let mut out = Arguments { options: Options::default(), json: false, trace: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seeds" => out.options.seeds = number(words.next(), "--seeds")?,
            "--seed" => out.options.first = number(words.next(), "--seed")?,
            "--threads" => {
                let threads = number(words.next(), "--threads")?;
                out.options.threads = usize::try_from(threads.min(64)).unwrap_or(1);
            }
            "--fail-fast" => out.options.fail_fast = true,
            "--json" => out.json = true,
            "--trace" => out.trace = true,
            "--help" | "-h" => return Ok(None),
            other => return Err(format!("`{other}` is unknown; see --help")),
        }
    }
    Ok(Some(out))
}

fn tell(report: &Report) {
    println!("{} worlds, {} inputs, {} orders written", report.runs, report.events, report.orders);
    println!("{} fills, {} records, {} starts", report.fills, report.records, report.starts);
    println!("faults:");
    for (name, count) in &report.faults {
        println!("  {count:>9}  {name}");
    }
    println!("checked:");
    for (name, count) in &report.checks {
        println!("  {count:>9}  {name}");
    }
    for violation in &report.violations {
        println!("VIOLATION of {} in seed {}", violation.invariant, violation.seed);
        println!("  {}", violation.detail);
        println!("  replay: cofferdam-simulate --seed {} --trace", violation.seed);
    }
    if report.violations.is_empty() {
        println!("everything held");
    }
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(text) => {
            eprintln!("{text}");
            return ExitCode::from(2);
        }
    };
    let report = if arguments.trace {
        let (report, lines) = trace(arguments.options.first);
        for line in lines {
            println!("{line}");
        }
        report
    } else {
        run(&arguments.options)
    };
    if arguments.json {
        match serde_json::to_string_pretty(&report) {
            Ok(text) => println!("{text}"),
            Err(error) => eprintln!("{error}"),
        }
    } else {
        tell(&report);
    }
    if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
