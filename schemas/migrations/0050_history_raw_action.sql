CREATE TABLE IF NOT EXISTS `history`.`raw_action`
(
    `publisher` LowCardinality(String) COMMENT 'Who published the action.',
    `symbol` LowCardinality(String) COMMENT 'The publisher\'s own symbol.',
    `ex_date` Date32 COMMENT 'First session that trades without the entitlement.' CODEC(DoubleDelta, ZSTD(1)),
    `kind` LowCardinality(String) COMMENT 'split, dividend, spin_off or special_dividend.',
    `ratio` Nullable(Float64) COMMENT 'New shares per old share; unit: shares per share' CODEC(ZSTD(1)),
    `amount` Nullable(Float64) COMMENT 'Cash per share; unit: USD per share' CODEC(ZSTD(1)),
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`publisher`, `symbol`, `ex_date`, `kind`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What raw.action held before its windows were replaced, row by row.'
