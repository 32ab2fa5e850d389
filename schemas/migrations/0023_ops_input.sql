CREATE TABLE IF NOT EXISTS `ops`.`input`
(
    `run_id` String COMMENT 'Run that used it.' CODEC(ZSTD(1)),
    `kind` LowCardinality(String) COMMENT 'window or payload.',
    `dataset` LowCardinality(String) COMMENT 'Table of the window; publisher of the payload.',
    `part` LowCardinality(String) COMMENT 'Part of the table.',
    `from_date` Date COMMENT 'First day of the window.' CODEC(DoubleDelta, ZSTD(1)),
    `to_date` Date COMMENT 'First day after the window.' CODEC(DoubleDelta, ZSTD(1)),
    `content` String COMMENT 'Content fingerprint of the window, or SHA-256 of the payload.' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`run_id`, `kind`, `dataset`, `part`, `from_date`, `content`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What went into each build.'
