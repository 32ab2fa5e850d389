CREATE TABLE IF NOT EXISTS `history`.`raw_bar`
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
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`publisher`, `symbol`, `session`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What raw.bar held before its windows were replaced, row by row.'
