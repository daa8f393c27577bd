package config

import _ "embed" // for the sample file

//go:embed example.yaml
var example string

// Example is the sample settings file: every setting at its default, explained.
func Example() string { return example }

// Keys names every setting in the order of the sample, with dots for nesting.
func Keys() []string { return keys() }
