CREATE TABLE IF NOT EXISTS `raw`.`earning`
(
    `publisher` LowCardinality(String) COMMENT 'Who published the figures.',
    `company` LowCardinality(String) COMMENT 'Ticker, or registrant number where the publisher goes by that.',
    `filed` Date COMMENT 'Day on which the figure was filed.' CODEC(DoubleDelta, ZSTD(1)),
    `period_from` Date32 COMMENT 'First day of the fiscal period.' CODEC(DoubleDelta, ZSTD(1)),
    `period_until` Date32 COMMENT 'Last day of the fiscal period.' CODEC(DoubleDelta, ZSTD(1)),
    `net_income` Float64 COMMENT 'Net income of the period; negative where it was a loss; unit: USD' CODEC(ZSTD(1)),
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    PROJECTION stretches (SELECT `publisher`, `payload`, min(`filed`), max(`filed`), count() GROUP BY `publisher`, `payload`)
)
ENGINE = MergeTree
PARTITION BY (`publisher`, toYear(`filed`))
ORDER BY (`publisher`, `company`, `filed`, `period_until`, `period_from`)
COMMENT 'Net income of fiscal periods as companies have filed it.'
