CREATE TABLE IF NOT EXISTS `raw`.`observation`
(
    `source` LowCardinality(String) COMMENT 'Publisher, and series where each is fetched by itself.',
    `series` LowCardinality(String) COMMENT 'The publisher\'s identifier of the series.',
    `obs_date` Date COMMENT 'Day the value speaks of.' CODEC(DoubleDelta, ZSTD(1)),
    `value` Nullable(Float64) COMMENT 'The value; empty where the publisher has none; unit: as in unit and multiplier' CODEC(ZSTD(1)),
    `status` LowCardinality(String) COMMENT 'The publisher\'s own mark of the value.',
    `unit` LowCardinality(String) COMMENT 'Unit as published.',
    `multiplier` Float64 COMMENT 'What one unit of value stands for, in that unit.' CODEC(ZSTD(1)),
    `frequency` LowCardinality(String) COMMENT 'Frequency as published.',
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    PROJECTION stretches (SELECT `source`, `payload`, min(`obs_date`), max(`obs_date`), count() GROUP BY `source`, `payload`)
)
ENGINE = MergeTree
PARTITION BY (`source`)
ORDER BY (`source`, `series`, `obs_date`)
COMMENT 'Published time series in their own units.'
