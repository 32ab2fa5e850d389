CREATE TABLE IF NOT EXISTS `raw`.`action`
(
    `publisher` LowCardinality(String) COMMENT 'Who published the action.',
    `symbol` LowCardinality(String) COMMENT 'The publisher\'s own symbol.',
    `ex_date` Date32 COMMENT 'First session that trades without the entitlement.' CODEC(DoubleDelta, ZSTD(1)),
    `kind` LowCardinality(String) COMMENT 'split, dividend, spin_off or special_dividend.',
    `ratio` Nullable(Float64) COMMENT 'New shares per old share; unit: shares per share' CODEC(ZSTD(1)),
    `amount` Nullable(Float64) COMMENT 'Cash per share; unit: USD per share' CODEC(ZSTD(1)),
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    PROJECTION stretches (SELECT `publisher`, `payload`, min(`ex_date`), max(`ex_date`), count() GROUP BY `publisher`, `payload`)
)
ENGINE = MergeTree
PARTITION BY (`publisher`, toYear(`ex_date`))
ORDER BY (`publisher`, `symbol`, `ex_date`, `kind`)
COMMENT 'Splits, dividends and other corporate actions as published.'
