# Reads a coverage profile made with -coverpkg and prints the share of
# statements that ran, per folder. Fails when law or act is below 85 %.

/^mode:/ { next }
{
    # twoseas/internal/law/gate/gate.go:12.2,14.3 2 1: a block stands in the
    # profile once for each test program; it ran if it ran in one of them.
    size[$1] = $2
    if ($3 > 0) ran[$1] = 1
}
END {
    for (block in size) {
        split(block, part, "/")
        folder = part[3]
        if (folder ~ /test$/ || folder == "arch" || block ~ /\/[a-z]+test\//) continue
        all[folder] += size[block]
        if (block in ran) hit[folder] += size[block]
    }
    for (folder in all) {
        share = 100 * hit[folder] / all[folder]
        low = (folder == "law" || folder == "act") && share < 85
        if (low) failed = 1
        printf "%-10s %5.1f %% of %d statements%s\n", folder, share, all[folder], low ? "   below 85 %" : ""
    }
    exit failed
}
