CREATE TABLE IF NOT EXISTS `history`.`raw_share_count`
(
    `publisher` LowCardinality(String) COMMENT 'Who published the counts.',
    `company` LowCardinality(String) COMMENT 'Ticker, or registrant number where the publisher goes by that.',
    `filed` Date COMMENT 'Day on which the count was filed.' CODEC(DoubleDelta, ZSTD(1)),
    `as_of` Date32 COMMENT 'Day that the count speaks of.' CODEC(DoubleDelta, ZSTD(1)),
    `line` Int64 COMMENT 'Position among the filing\'s counts of the day, from 1.' CODEC(T64, ZSTD(1)),
    `shares` Float64 COMMENT 'Shares outstanding, not restated for later splits; unit: shares' CODEC(ZSTD(1)),
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`publisher`, `company`, `filed`, `as_of`, `line`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What raw.share_count held before its windows were replaced, row by row.'
