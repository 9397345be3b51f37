/**
 * The command line.
 *
 * <p>Enters: arguments, environment ({@code WEFT_URL}, {@code WEFT_TOKEN_FILE}), files. Leaves: the
 * answer on stdout, everything else on stderr, and an exit code: 0 done, 1 the request failed, 2
 * wrong usage or configuration, 3 the node died.
 *
 * <p>Commands that show or change a running node are HTTP clients of it, over TCP or its Unix
 * socket ({@code --url unix:/path}); they need nothing of the rooms below and start in a fraction
 * of a second.
 */
package dev.weft.cli;
