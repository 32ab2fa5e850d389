CREATE TABLE IF NOT EXISTS `ops`.`payload`
(
    `payload` String COMMENT 'SHA-256 of the answer\'s decoded body, its name in the archive.' CODEC(ZSTD(1)),
    `publisher` LowCardinality(String) COMMENT 'Who answered.',
    `request` String COMMENT 'What was asked, secrets left out.' CODEC(ZSTD(1)),
    `status` Int64 COMMENT 'HTTP status.' CODEC(T64, ZSTD(1)),
    `bytes` Int64 COMMENT 'Size of the decoded body; unit: bytes' CODEC(T64, ZSTD(1)),
    `fetched_at` DateTime64(3, 'UTC') COMMENT 'When it was fetched; unit: UTC' CODEC(DoubleDelta, ZSTD(1)),
    `run_id` String COMMENT 'Run that asked.' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`payload`, `fetched_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Publishers\' answers in the archive.'
