package schemas

var liquidityMetrics = []Metric{}
