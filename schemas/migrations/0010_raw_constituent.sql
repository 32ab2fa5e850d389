CREATE TABLE IF NOT EXISTS `raw`.`constituent`
(
    `index_name` LowCardinality(String) COMMENT 'Index.',
    `as_of` Date COMMENT 'Day the list speaks of.' CODEC(DoubleDelta, ZSTD(1)),
    `symbol` LowCardinality(String) COMMENT 'Ticker of the day.',
    `name` String COMMENT 'Company name.' CODEC(ZSTD(1)),
    `sector` LowCardinality(String) COMMENT 'GICS sector.',
    `sub_industry` LowCardinality(String) COMMENT 'GICS sub-industry.',
    `cik` Int64 COMMENT 'SEC registrant number of the issuer.' CODEC(T64, ZSTD(1)),
    `date_added` Nullable(Date32) COMMENT 'Day it joined the index.' CODEC(DoubleDelta, ZSTD(1)),
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    PROJECTION stretches (SELECT `index_name`, `payload`, min(`as_of`), max(`as_of`), count() GROUP BY `index_name`, `payload`)
)
ENGINE = MergeTree
PARTITION BY (`index_name`)
ORDER BY (`index_name`, `as_of`, `symbol`)
COMMENT 'Index members with name, sector and issuer, as of one file.'
