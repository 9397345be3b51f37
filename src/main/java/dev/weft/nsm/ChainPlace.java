package dev.weft.nsm;

/**
 * Which hop of which chain a connection is.
 *
 * @param id the chain's: that of its client's connection
 * @param service the chain's name
 * @param hop from 1
 * @param hops of the whole chain
 */
public record ChainPlace(String id, String service, int hop, int hops) {}
