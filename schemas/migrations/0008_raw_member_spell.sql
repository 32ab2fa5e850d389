CREATE TABLE IF NOT EXISTS `raw`.`member_spell`
(
    `index_name` LowCardinality(String) COMMENT 'Index.',
    `symbol` LowCardinality(String) COMMENT 'Ticker of the time.',
    `from_date` Date COMMENT 'First day in the index.' CODEC(DoubleDelta, ZSTD(1)),
    `to_date` Nullable(Date32) COMMENT 'First day out of the index; empty while it lasts.' CODEC(DoubleDelta, ZSTD(1)),
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    PROJECTION stretches (SELECT `index_name`, `payload`, min(`from_date`), max(`from_date`), count() GROUP BY `index_name`, `payload`)
)
ENGINE = MergeTree
PARTITION BY (`index_name`)
ORDER BY (`index_name`, `symbol`, `from_date`)
COMMENT 'Stays of symbols in an index, as compiled by the publisher.'
