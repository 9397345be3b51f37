/** Benchmarks: programs with a {@code main} that print a table; none of them gates the build. */
package dev.weft.bench;
