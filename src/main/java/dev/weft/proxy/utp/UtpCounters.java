package dev.weft.proxy.utp;

/**
 * What a socket has counted since it was opened.
 *
 * @param open connections
 * @param halfOpen others' that have not shown yet that they get what is sent to them
 * @param strange datagrams that are neither uTP nor a ping of an address that is known
 * @param unknown packets of no connection
 * @param refused connections that others began and that were too many
 */
public record UtpCounters(int open, int halfOpen, long strange, long unknown, long refused) {}
