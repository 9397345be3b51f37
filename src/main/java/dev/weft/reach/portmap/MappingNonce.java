package dev.weft.reach.portmap;

import java.security.SecureRandom;

/**
 * Shows a PCP server that a mapping is ours; whoever does not know it cannot change the mapping.
 */
record MappingNonce(int high, long low) {
  static MappingNonce random(SecureRandom random) {
    return new MappingNonce(random.nextInt(), random.nextLong());
  }
}
