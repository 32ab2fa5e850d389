package transform

var sizeFamilies []Family
