package dev.weft.cluster;

import java.util.List;

/**
 * From one charter to the next one.
 *
 * @param founded the first charter, and nothing else; null in a later step
 * @param add a voter, null for none; a step adds or removes one at most
 * @param remove a voter, null for none
 * @param wishes changes of leases, in this order
 */
record CharterStep(Charter founded, String add, String remove, List<LeaseWish> wishes) {
  CharterStep {
    wishes = List.copyOf(wishes);
  }
}
