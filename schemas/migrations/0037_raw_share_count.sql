CREATE TABLE IF NOT EXISTS `raw`.`share_count`
(
    `publisher` LowCardinality(String) COMMENT 'Who published the counts.',
    `company` LowCardinality(String) COMMENT 'Ticker, or registrant number where the publisher goes by that.',
    `filed` Date COMMENT 'Day on which the count was filed.' CODEC(DoubleDelta, ZSTD(1)),
    `as_of` Date32 COMMENT 'Day that the count speaks of.' CODEC(DoubleDelta, ZSTD(1)),
    `line` Int64 COMMENT 'Position among the filing\'s counts of the day, from 1.' CODEC(T64, ZSTD(1)),
    `shares` Float64 COMMENT 'Shares outstanding, not restated for later splits; unit: shares' CODEC(ZSTD(1)),
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    PROJECTION stretches (SELECT `publisher`, `payload`, min(`filed`), max(`filed`), count() GROUP BY `publisher`, `payload`)
)
ENGINE = MergeTree
PARTITION BY (`publisher`, toYear(`filed`))
ORDER BY (`publisher`, `company`, `filed`, `as_of`, `line`)
COMMENT 'Shares outstanding as companies have filed them.'
