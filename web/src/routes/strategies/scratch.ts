// What a strategy from scratch begins with: every section that is needed, and why.

export const SCRATCH = `name = "My strategy"
description = "Say in a sentence when it buys and when it sells."
symbols = ["IBM"]
timeframe = "1d"

# Constants of the rules. Research can search them between min and max.
[params]
length = { default = 20, min = 5, max = 100, step = 5 }

# Computed at the close of every bar. What is true is bought with the next price.
[entry]
long = "close > highest(high, length)[1]"

[exit]
long = "close < lowest(low, length)[1]"
stop = "2 * atr(14)"

# How much: here what loses 1 % of equity at the stop.
[size]
risk_percent = 1.0
`;
