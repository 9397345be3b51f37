package dev.weft.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Fault;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Orders every list, divides it into parts, and puts the members' parts together.
 *
 * <pre>
 * ?scope=cluster&amp;after=KEY&amp;limit=N
 *   each member:  its rows, sorted by key -> the first N behind KEY          {@link ListRows#of}
 *   this node:    what it knows of members that are away, where it does      {@link Listing#away}
 *                 the members' parts, rows of one key merged -> the first N  {@link ListRows#merged}
 * </pre>
 */
final class Lists {
  static final int MAX_LIMIT = 1000;

  /**
   * Which part of a list is asked for.
   *
   * @param after null for the list's beginning
   */
  record Query(boolean cluster, String after, int limit) {
    /** Of parameters that the contract has validated. */
    static Query of(MultiMap parameters) {
      String limit = parameters.get("limit");
      return new Query(
          "cluster".equals(parameters.get("scope")),
          parameters.get("after"),
          limit == null ? MAX_LIMIT : Integer.parseInt(limit));
    }
  }

  /** In the place of a member's id, behind all of them: what a live member has goes before it. */
  private static final String AWAY = "~";

  private final Members members;
  private final Map<String, Listing<?>> lists;

  /**
   * @param lists by name
   */
  Lists(Members members, Map<String, Listing<?>> lists) {
    this.members = members;
    this.lists = lists;
  }

  /** A part of this node's own list, as other members ask for it. */
  Future<ListRows> rows(String list, String after, int limit) {
    if (limit < 1 || limit > MAX_LIMIT) {
      throw Fault.invalid("limit", limit, "1.." + MAX_LIMIT);
    }
    return listing(list).rows(after, limit);
  }

  /** A part of this node's list, or of all members' together. */
  Future<Page<JsonNode>> page(String list, Query query) {
    Listing<?> listing = listing(list);
    if (!query.cluster() || listing.merge() == null) {
      return listing.rows(query.after(), query.limit()).map(rows -> page(rows, List.of(), null));
    }
    return members
        .ask(true, MemberLists.class, m -> m.rows(list, query.after(), query.limit()))
        .compose(
            answers ->
                listing
                    .awayRows(query.after(), query.limit())
                    .map(away -> together(answers, away, listing, query.limit())));
  }

  private Page<JsonNode> together(
      Members.Answers<ListRows> answers, Optional<ListRows> away, Listing<?> listing, int limit) {
    away.ifPresent(rows -> answers.byNode().put(AWAY, rows));
    return page(
        ListRows.merged(answers.byNode(), listing.merge(), limit),
        answers.unanswered(),
        away.isPresent() ? null : members.away());
  }

  static Page<JsonNode> page(
      ListRows rows, List<Page.Unanswered> unanswered, List<Page.Unanswered> away) {
    return new Page<>(rows.items(), unanswered, away, rows.next(), rows.total(), rows.states());
  }

  private Listing<?> listing(String list) {
    Listing<?> listing = lists.get(list);
    if (listing == null) {
      throw Fault.invalid("list", list, String.join(", ", new TreeMap<>(lists).keySet()));
    }
    return listing;
  }
}
