package schemas

var breadthMetrics = []Metric{}
