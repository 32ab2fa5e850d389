package transform

var concentrationFamilies []Family
