CREATE TABLE IF NOT EXISTS `raw`.`member_change`
(
    `index_name` LowCardinality(String) COMMENT 'Index.',
    `change_date` Date COMMENT 'Effective before the open of this day.' CODEC(DoubleDelta, ZSTD(1)),
    `symbol` LowCardinality(String) COMMENT 'Ticker of the time.',
    `added` Bool COMMENT 'True for an entry, false for an exit.',
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    PROJECTION stretches (SELECT `index_name`, `payload`, min(`change_date`), max(`change_date`), count() GROUP BY `index_name`, `payload`)
)
ENGINE = MergeTree
PARTITION BY (`index_name`)
ORDER BY (`index_name`, `change_date`, `added`, `symbol`)
COMMENT 'Index entries and exits, effective before the open of the day.'
