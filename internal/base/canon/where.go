package canon

import (
	"errors"
	"reflect"

	"github.com/go-json-experiment/json"
)

// Where says at which JSON pointer (RFC 6901) a decoding error of this
// package lies, and what is wrong there in words for the author of the text.
// Of other errors it knows no place: "" and the error's own text.
func Where(err error) (string, string) {
	e, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return "", err.Error()
	}
	pointer := string(e.JSONPointer)
	switch {
	case errors.Is(e.Err, json.ErrUnknownName):
		return pointer, "unknown field"
	case e.Err != nil && e.GoType != nil && e.GoType.Kind() != reflect.Int:
		return pointer, e.Err.Error()
	case e.GoType != nil:
		return pointer, "want " + wanted(e.GoType)
	}
	return pointer, e.Error()
}

// wanted names a type as the author of JSON or YAML knows it.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "a whole number"
	case reflect.String:
		return "a text"
	case reflect.Slice, reflect.Array:
		return "a list"
	}
	return "a group of fields"
}
