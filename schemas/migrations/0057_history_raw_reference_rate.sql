CREATE TABLE IF NOT EXISTS `history`.`raw_reference_rate`
(
    `name` LowCardinality(String) COMMENT 'SOFR, TGCR, BGCR, EFFR or OBFR.',
    `effective_date` Date COMMENT 'Business day of the transactions.' CODEC(DoubleDelta, ZSTD(1)),
    `rate` Nullable(Float64) COMMENT 'The rate; unit: percent' CODEC(ZSTD(1)),
    `p1` Nullable(Float64) COMMENT '1st percentile; unit: percent' CODEC(ZSTD(1)),
    `p25` Nullable(Float64) COMMENT '25th percentile; unit: percent' CODEC(ZSTD(1)),
    `p75` Nullable(Float64) COMMENT '75th percentile; unit: percent' CODEC(ZSTD(1)),
    `p99` Nullable(Float64) COMMENT '99th percentile; unit: percent' CODEC(ZSTD(1)),
    `volume` Nullable(Float64) COMMENT 'Volume of the transactions; unit: USD bn' CODEC(ZSTD(1)),
    `target_from` Nullable(Float64) COMMENT 'Lower end of the target range (EFFR); unit: percent' CODEC(ZSTD(1)),
    `target_to` Nullable(Float64) COMMENT 'Upper end of the target range (EFFR); unit: percent' CODEC(ZSTD(1)),
    `intraday_low` Nullable(Float64) COMMENT 'Lowest trade (EFFR before March 2016); unit: percent' CODEC(ZSTD(1)),
    `intraday_high` Nullable(Float64) COMMENT 'Highest trade (EFFR before March 2016); unit: percent' CODEC(ZSTD(1)),
    `std_dev` Nullable(Float64) COMMENT 'Standard deviation (EFFR before March 2016); unit: percent' CODEC(ZSTD(1)),
    `revised` Bool COMMENT 'Whether the publisher marks the row as revised.',
    `footnote` LowCardinality(String) COMMENT 'Footnote code.',
    `payload` LowCardinality(String) COMMENT 'SHA-256 of the answer the row was read from.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`name`, `effective_date`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What raw.reference_rate held before its windows were replaced, row by row.'
