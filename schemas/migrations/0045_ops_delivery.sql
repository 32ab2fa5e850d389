CREATE TABLE IF NOT EXISTS `ops`.`delivery`
(
    `delivery_id` String COMMENT 'Attempt.' CODEC(ZSTD(1)),
    `subscription` LowCardinality(String) COMMENT 'Subscription.',
    `target` LowCardinality(String) COMMENT 'folder, bucket, email or webhook.',
    `session` Date COMMENT 'Session whose workbook it is.' CODEC(DoubleDelta, ZSTD(1)),
    `state` LowCardinality(String) COMMENT 'begun, handed_over, delivered, failed, uncertain or withdrawn.',
    `place` String COMMENT 'Folder, bucket, recipients or host.' CODEC(ZSTD(1)),
    `file` String COMMENT 'Name of the workbook.' CODEC(ZSTD(1)),
    `hash` String COMMENT 'SHA-256 of the workbook.' CODEC(ZSTD(1)),
    `bytes` Int64 COMMENT 'Size of the workbook; unit: bytes' CODEC(T64, ZSTD(1)),
    `error` String COMMENT 'Why it was not delivered.' CODEC(ZSTD(1)),
    `owner` String COMMENT 'Process that is at it.' CODEC(ZSTD(1)),
    `at` DateTime64(3, 'UTC') COMMENT 'When the line was written; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`subscription`, `target`, `session`, `delivery_id`, `at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What was brought to whom; the newest line of an attempt counts.'
