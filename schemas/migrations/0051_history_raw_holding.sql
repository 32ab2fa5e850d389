CREATE TABLE IF NOT EXISTS `history`.`raw_holding`
(
    `fund` LowCardinality(String) COMMENT 'Fund ticker.',
    `as_of` Date COMMENT 'Day of the holdings, read from the file.' CODEC(DoubleDelta, ZSTD(1)),
    `line` Int64 COMMENT 'Position in the file, from 1.' CODEC(T64, ZSTD(1)),
    `ticker` LowCardinality(String) COMMENT 'Ticker in the publisher\'s spelling; empty where there is none.',
    `name` String COMMENT 'Name of the security or cash line.' CODEC(ZSTD(1)),
    `sector` LowCardinality(String) COMMENT 'Sector as published; empty where there is none.',
    `asset_class` LowCardinality(String) COMMENT 'Equity, Cash, Futures, …',
    `market_value` Nullable(Float64) COMMENT 'Market value of the line; unit: USD' CODEC(ZSTD(1)),
    `weight` Nullable(Float64) COMMENT 'Weight in the fund as published; unit: percent' CODEC(ZSTD(1)),
    `quantity` Nullable(Float64) COMMENT 'Shares held; unit: shares' CODEC(ZSTD(1)),
    `price` Nullable(Float64) COMMENT 'Price of the fund\'s accounting day; unit: USD per share' CODEC(ZSTD(1)),
    `cusip` String COMMENT 'CUSIP; empty where not given.' CODEC(ZSTD(1)),
    `isin` String COMMENT 'ISIN; empty where not given.' CODEC(ZSTD(1)),
    `sedol` String COMMENT 'SEDOL; empty where not given.' CODEC(ZSTD(1)),
    `currency` LowCardinality(String) COMMENT 'Currency of the line.',
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`fund`, `as_of`, `line`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What raw.holding held before its windows were replaced, row by row.'
