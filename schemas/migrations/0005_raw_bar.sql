CREATE TABLE IF NOT EXISTS `raw`.`bar`
(
    `publisher` LowCardinality(String) COMMENT 'Who published the prices.',
    `symbol` LowCardinality(String) COMMENT 'The publisher\'s own symbol.',
    `session` Date COMMENT 'Trading session.' CODEC(DoubleDelta, ZSTD(1)),
    `open` Nullable(Float64) COMMENT 'First price; unit: USD per share' CODEC(ZSTD(1)),
    `high` Nullable(Float64) COMMENT 'Highest price; unit: USD per share' CODEC(ZSTD(1)),
    `low` Nullable(Float64) COMMENT 'Lowest price; unit: USD per share' CODEC(ZSTD(1)),
    `close` Float64 COMMENT 'Closing price; unit: USD per share' CODEC(ZSTD(1)),
    `volume` Nullable(Float64) COMMENT 'Shares traded; adjusted where the prices are; unit: shares' CODEC(ZSTD(1)),
    `adjustment` LowCardinality(String) COMMENT 'What the prices already take into account: raw, split or split_dividend.',
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    PROJECTION stretches (SELECT `publisher`, `payload`, min(`session`), max(`session`), count() GROUP BY `publisher`, `payload`)
)
ENGINE = MergeTree
PARTITION BY (`publisher`, toYear(`session`))
ORDER BY (`publisher`, `symbol`, `session`)
COMMENT 'Daily prices and volume as published, in the publisher\'s symbols and adjustment.'
