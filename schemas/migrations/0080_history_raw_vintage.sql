CREATE TABLE IF NOT EXISTS `history`.`raw_vintage`
(
    `source` LowCardinality(String) COMMENT 'Publisher and series.',
    `series` LowCardinality(String) COMMENT 'The publisher\'s identifier of the series.',
    `obs_date` Date COMMENT 'Day the value speaks of.' CODEC(DoubleDelta, ZSTD(1)),
    `known_from` Date COMMENT 'First day on which the publisher gave this value.' CODEC(DoubleDelta, ZSTD(1)),
    `known_to` Nullable(Date32) COMMENT 'Last day on which it did; empty while it still does.' CODEC(DoubleDelta, ZSTD(1)),
    `value` Nullable(Float64) COMMENT 'The value; empty where the publisher had none; unit: as in unit and multiplier' CODEC(ZSTD(1)),
    `unit` LowCardinality(String) COMMENT 'Unit as published at the time.',
    `multiplier` Float64 COMMENT 'What one unit of value stands for, in that unit.' CODEC(ZSTD(1)),
    `frequency` LowCardinality(String) COMMENT 'Frequency as published.',
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`source`, `series`, `obs_date`, `known_from`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What raw.vintage held before its windows were replaced, row by row.'
