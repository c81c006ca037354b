//go:build tools

// Package tools pins the server that the tests of the MongoDB timeline run against.
package tools

import _ "github.com/FerretDB/FerretDB/cmd/ferretdb"
