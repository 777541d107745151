//! Volume by hand: 100 200 150 100 300 200 100 400.

use super::{Row, U};

pub(super) fn rows() -> Vec<Row> {
    // Shares ((c - l) - (h - c)) / (h - l): 1/3 1/3 -1 1/2 1/3.
    let flows = [100.0 / 3.0, 200.0 / 3.0, -150.0, 50.0, 100.0];
    let ad = [flows[0], 100.0, -50.0, 0.0, 100.0];
    // Averages with 2/3 and 1/2, both begun with the first value.
    let mut fast = [ad[0]; 4];
    let mut slow = [ad[0]; 4];
    for bar in 1..4 {
        fast[bar] = fast[bar - 1] + (ad[bar] - fast[bar - 1]) * 2.0 / 3.0;
        slow[bar] = slow[bar - 1] + (ad[bar] - slow[bar - 1]) / 2.0;
    }
    // Thrice the typical price: 32 35 35 37 41, up, level, up, up; then 37, down.
    let money = [7000.0, 0.0, 3700.0, 12_300.0, 7400.0];
    vec![
        ("obv()", vec![100.0, 300.0, 150.0, 250.0, 550.0, 350.0, 450.0, 50.0]),
        ("ad()", ad.to_vec()),
        ("adosc(2, 3)", vec![U, U, fast[2] - slow[2], fast[3] - slow[3]]),
        ("adosc(3, 2)", vec![U, U, slow[2] - fast[2], slow[3] - fast[3]]),
        (
            "cmf(2)",
            vec![U, 100.0 / 300.0, (flows[1] + flows[2]) / 350.0, (flows[2] + flows[3]) / 250.0],
        ),
        (
            "mfi(3)",
            vec![
                U,
                U,
                U,
                100.0,
                100.0,
                100.0 * (money[2] + money[3]) / (money[2] + money[3] + money[4]),
            ],
        ),
    ]
}
