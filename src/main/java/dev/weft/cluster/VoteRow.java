package dev.weft.cluster;

import java.util.List;

/**
 * What a node tells the others about its votes. All it says of itself is on its disk.
 *
 * @param voter the node with its present disk
 * @param base the charter after which it votes, "" for none
 * @param charter that charter; null if the node is none of its voters, unless one of these does not
 *     know it yet, or none is there
 * @param promised takes part in no earlier ballot; null for none
 * @param accepted the ballot in which it voted for {@code value}; null for none
 * @param asks a ballot of its own; null for none
 * @param proposes what it has voted on in that ballot; null before a majority has promised
 * @param wishes what it wants decided
 */
record VoteRow(
    String voter,
    String base,
    Charter charter,
    Ballot promised,
    Ballot accepted,
    CharterStep value,
    Ballot asks,
    CharterStep proposes,
    List<LeaseWish> wishes) {}
