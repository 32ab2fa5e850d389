CREATE TABLE IF NOT EXISTS `raw`.`soma_holding`
(
    `portfolio` LowCardinality(String) COMMENT 'Part of the account: treasury.',
    `as_of` Date COMMENT 'Day at whose close the security was held.' CODEC(DoubleDelta, ZSTD(1)),
    `cusip` LowCardinality(String) COMMENT 'CUSIP of the security.',
    `kind` LowCardinality(String) COMMENT 'Bills, NotesBonds, FRNs or TIPS.',
    `maturity` Date32 COMMENT 'Day on which the security falls due.' CODEC(DoubleDelta, ZSTD(1)),
    `par` Float64 COMMENT 'Par value, without inflation compensation; unit: USD' CODEC(ZSTD(1)),
    `compensation` Nullable(Float64) COMMENT 'What inflation has added to the par of an indexed security; empty for others; unit: USD' CODEC(ZSTD(1)),
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    PROJECTION stretches (SELECT `portfolio`, `payload`, min(`as_of`), max(`as_of`), count() GROUP BY `portfolio`, `payload`)
)
ENGINE = MergeTree
PARTITION BY (`portfolio`, toYear(`as_of`))
ORDER BY (`portfolio`, `as_of`, `cusip`)
COMMENT 'Treasury securities of the System Open Market Account, line by line.'
