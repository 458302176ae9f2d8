# Reads `go test -v`, prints one line per package and everything a failing
# package said, and appends to the file `notes` each skipped test with its
# reason. Whether tests failed is for go test's own exit status to say.
#
# The seeds of a fuzz target may skip: a seed the target has nothing to say
# about is not a test left out.

/^=== / {
    current = $3
    if ($2 == "RUN" && current !~ /\//) tests++
    next
}
/^ *--- SKIP: / {
    if ($3 !~ /^Fuzz[^\/]*\//) skip[++skipped] = $3 ": " (($3 in said) ? said[$3] : "no reason given")
    next
}
/^ *--- PASS: / || /^PASS$/ || /^coverage: / { next }
/^(ok  |\?   )\t/ || /^\t.*coverage: / {
    if ($0 !~ /no test files/ && $0 !~ /^\t/) print
    finish($0 ~ /^\t/ ? $1 : $2)
    next
}
/^FAIL\t/ {
    for (i = 1; i <= lines; i++) print held[i]
    print
    broken++
    finish($2)
    next
}
{
    held[++lines] = $0
    if ($0 ~ /^ +[^ ]+\.go:[0-9]+: /) {
        sub(/^ +/, "")
        said[current] = $0
    }
}

function finish(pkg,    i) {
    for (i = 1; i <= skipped; i++) print pkg " " skip[i] >>notes
    skipped = lines = 0
    split("", said)
    packages++
}

END {
    for (i = 1; i <= lines; i++) print held[i] # the go command's own words
    printf "\n%d tests, %d packages, %d packages failed\n", tests, packages, broken
    close(notes)
    exit packages == 0
}
