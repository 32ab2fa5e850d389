CREATE TABLE IF NOT EXISTS `raw`.`vintage`
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
    PROJECTION stretches (SELECT `source`, `payload`, min(`obs_date`), max(`obs_date`), count() GROUP BY `source`, `payload`)
)
ENGINE = MergeTree
PARTITION BY (`source`)
ORDER BY (`source`, `series`, `obs_date`, `known_from`)
COMMENT 'Published time series with everything that was said of each day, and when.'
