package schemas

var concentrationMetrics = []Metric{}
