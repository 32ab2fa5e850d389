package transform

var breadthTrendFamilies []Family
