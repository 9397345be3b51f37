/**
 * Benchmarks: programs with a {@code main}, and tests of the profile {@code bench}, that print
 * tables. Two of those fail where wires have become far worse; none of them gates the build.
 */
package dev.weft.bench;
