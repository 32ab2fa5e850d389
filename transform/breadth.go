package transform

var breadthFamilies []Family
