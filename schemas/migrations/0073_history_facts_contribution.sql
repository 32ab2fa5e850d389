CREATE TABLE IF NOT EXISTS `history`.`facts_contribution`
(
    `universe` LowCardinality(String) COMMENT 'Whose return it is: an index universe.',
    `session` Date COMMENT 'Session; the last one of the windows.' CODEC(DoubleDelta, ZSTD(1)),
    `security` LowCardinality(String) COMMENT 'Permanent id of the security.',
    `weight` Nullable(Float64) COMMENT 'Weight at the open, after the session\'s changes of the index; 0 for a line that has left, empty where the session\'s return is not known; unit: fraction' CODEC(ZSTD(1)),
    `security_return` Nullable(Float64) COMMENT 'Return of the session; empty where it is not known or the line has left; unit: fraction' CODEC(ZSTD(1)),
    `contrib_i` Nullable(Float64) COMMENT 'Weight times return; those of a session add up to the return of the index; unit: fraction' CODEC(ZSTD(1)),
    `contrib_bh_ytd` Nullable(Float64) COMMENT 'Contribution since the last session of the year before, bought and held: sum c_t prod_{s<t}(1 + R_s); unit: fraction' CODEC(ZSTD(1)),
    `contrib_carino_ytd` Nullable(Float64) COMMENT 'Contribution since the last session of the year before, after Carino 1999: sum c_t k_t/k; unit: fraction' CODEC(ZSTD(1)),
    `contrib_menchero_ytd` Nullable(Float64) COMMENT 'Contribution since the last session of the year before, after Menchero 2000: sum c_t (A + a R_t); unit: fraction' CODEC(ZSTD(1)),
    `return_ytd` Nullable(Float64) COMMENT 'Return of the security since the last session of the year before; empty where it was not in the index throughout; unit: fraction' CODEC(ZSTD(1)),
    `contrib_bh_63` Nullable(Float64) COMMENT 'Contribution over 63 sessions, bought and held: sum c_t prod_{s<t}(1 + R_s); unit: fraction' CODEC(ZSTD(1)),
    `contrib_carino_63` Nullable(Float64) COMMENT 'Contribution over 63 sessions, after Carino 1999: sum c_t k_t/k; unit: fraction' CODEC(ZSTD(1)),
    `contrib_menchero_63` Nullable(Float64) COMMENT 'Contribution over 63 sessions, after Menchero 2000: sum c_t (A + a R_t); unit: fraction' CODEC(ZSTD(1)),
    `return_63` Nullable(Float64) COMMENT 'Return of the security over 63 sessions; empty where it was not in the index throughout; unit: fraction' CODEC(ZSTD(1)),
    `contrib_bh_126` Nullable(Float64) COMMENT 'Contribution over 126 sessions, bought and held: sum c_t prod_{s<t}(1 + R_s); unit: fraction' CODEC(ZSTD(1)),
    `contrib_carino_126` Nullable(Float64) COMMENT 'Contribution over 126 sessions, after Carino 1999: sum c_t k_t/k; unit: fraction' CODEC(ZSTD(1)),
    `contrib_menchero_126` Nullable(Float64) COMMENT 'Contribution over 126 sessions, after Menchero 2000: sum c_t (A + a R_t); unit: fraction' CODEC(ZSTD(1)),
    `return_126` Nullable(Float64) COMMENT 'Return of the security over 126 sessions; empty where it was not in the index throughout; unit: fraction' CODEC(ZSTD(1)),
    `contrib_bh_252` Nullable(Float64) COMMENT 'Contribution over 252 sessions, bought and held: sum c_t prod_{s<t}(1 + R_s); unit: fraction' CODEC(ZSTD(1)),
    `contrib_carino_252` Nullable(Float64) COMMENT 'Contribution over 252 sessions, after Carino 1999: sum c_t k_t/k; unit: fraction' CODEC(ZSTD(1)),
    `contrib_menchero_252` Nullable(Float64) COMMENT 'Contribution over 252 sessions, after Menchero 2000: sum c_t (A + a R_t); unit: fraction' CODEC(ZSTD(1)),
    `return_252` Nullable(Float64) COMMENT 'Return of the security over 252 sessions; empty where it was not in the index throughout; unit: fraction' CODEC(ZSTD(1)),
    `status` LowCardinality(String) COMMENT 'ok, or the reason why the session has no return of the security.',
    `basis` LowCardinality(String) COMMENT 'What the returns are: tr, pr or mixed.',
    `method` Int64 COMMENT 'Version of the definition.' CODEC(T64, ZSTD(1)),
    `known_at` DateTime64(3, 'UTC') COMMENT 'When all inputs were public; unit: UTC' CODEC(DoubleDelta, ZSTD(1)),
    `run_id` LowCardinality(String) COMMENT 'Run that built the row.',
    `stood` Bool COMMENT 'Whether the row stood in the table at the instant; where false, nothing stood in its place.',
    `seen_at` DateTime64(3, 'UTC') COMMENT 'When that was seen, just before the window was replaced; unit: UTC' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`universe`, `session`, `security`, `seen_at`)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What facts.contribution held before its windows were replaced, row by row.'
