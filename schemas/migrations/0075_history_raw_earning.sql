CREATE TABLE IF NOT EXISTS `history`.`raw_earning`
(
    `publisher` LowCardinality(String) COMMENT 'Who published the figures.',
    `company` LowCardinality(String) COMMENT 'Ticker, or registrant number where the publisher goes by that.',
    `filed` Date COMMENT 'Day on which the figure was filed.' CODEC(DoubleDelta, ZSTD(1)),
    `period_from` Date32 COMMENT 'First day of the fiscal period.' CODEC(DoubleDelta, ZSTD(1)),
    `period_until` Date32 COMMENT 'Last day of the fiscal period.' CODEC(DoubleDelta, ZSTD(1)),
    `net_income` Float64 COMMENT 'Net income of the period; negative where it was a loss; unit: USD' CODEC(ZSTD(1)),
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`publisher`, `company`, `filed`, `period_until`, `period_from`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What raw.earning held before its windows were replaced, row by row.'
