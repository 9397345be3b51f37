package dev.weft.reach.stun;

import java.security.SecureRandom;

/** Ties an answer to its question; nobody can guess it. */
record TransactionId(int high, long low) {
  static final int BYTES = 12;

  static TransactionId random(SecureRandom random) {
    return new TransactionId(random.nextInt(), random.nextLong());
  }
}
