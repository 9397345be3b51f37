/**
 * The node's configuration: {@code conf/weft.yaml} becomes immutable records.
 *
 * <p>In: one YAML 1.1 file of at most 1 MiB and the environment it may refer to ({@code ${NAME}},
 * {@code ${NAME:default}}). Out: a {@link dev.weft.config.WeftConfig}, or every problem of the file
 * at once, each with its path, its line, the value found and what was expected. No name is looked
 * up and no file but this one is opened.
 *
 * <p>A record reads its own {@link dev.weft.config.Section}, key by key; a key's name, default and
 * reload rule stand there and nowhere else in the code. {@code conf/weft.yaml} is the manual, and a
 * test proves that it names every key with the code's default.
 */
package dev.weft.config;
