package cli

import (
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run prints a script that completes commands and flags, made of the same
// definitions as --help.
func (c *completionCmd) Run(a *app) error {
	words := map[string][]string{}
	collect(a.model.Node, "", words)
	switch c.Shell {
	case "fish":
		a.fish(words)
	case "zsh":
		a.printf("autoload -U +X bashcompinit && bashcompinit\n")
		a.bash(words)
	default:
		a.bash(words)
	}
	return nil
}

// collect lists what may follow each path of commands.
func collect(n *kong.Node, path string, words map[string][]string) {
	for _, group := range n.AllFlags(true) {
		for _, f := range group {
			words[path] = append(words[path], "--"+f.Name)
		}
	}
	for _, child := range n.Children {
		if child.Type != kong.CommandNode || child.Hidden {
			continue
		}
		words[path] = append(words[path], child.Name)
		collect(child, strings.TrimSpace(path+" "+child.Name), words)
	}
}

func (a *app) bash(words map[string][]string) {
	a.printf("_twoseas() {\n  local cur=\"${COMP_WORDS[COMP_CWORD]}\" path=\"\" w\n")
	a.printf("  for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case \"$w\" in -*) ;; *) path=\"${path:+$path }$w\" ;; esac\n  done\n")
	a.printf("  case \"$path\" in\n")
	for path, list := range words {
		a.printf("    %q) COMPREPLY=($(compgen -W %q -- \"$cur\")) ;;\n", path, strings.Join(list, " "))
	}
	a.printf("    *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n  esac\n}\ncomplete -o default -F _twoseas twoseas\n")
}

func (a *app) fish(words map[string][]string) {
	for path, list := range words {
		condition := "__fish_use_subcommand"
		if path != "" {
			condition = "__fish_seen_subcommand_from " + path[strings.LastIndex(path, " ")+1:]
		}
		for _, w := range list {
			if flag, ok := strings.CutPrefix(w, "--"); ok {
				a.printf("complete -c twoseas -n %q -l %s\n", condition, flag)
				continue
			}
			a.printf("complete -c twoseas -n %q -f -a %s\n", condition, w)
		}
	}
}

type versionCmd struct{}

// version is set when a release is built.
var version = "development"

// Run prints the version.
func (c *versionCmd) Run(a *app) error {
	commit, goVersion := "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = s.Value
			}
		}
	}
	return a.say(map[string]any{"version": version, "commit": commit, "go": goVersion}, func() {
		a.printf("twoseas %s %s %s\n", version, commit, goVersion)
	})
}
