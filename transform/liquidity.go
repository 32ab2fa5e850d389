package transform

var liquidityFamilies []Family
