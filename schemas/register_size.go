package schemas

var sizeMetrics = []Metric{}
