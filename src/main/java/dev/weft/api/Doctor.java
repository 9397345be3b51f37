package dev.weft.api;

import dev.weft.bus.ForMembers;
import io.vertx.core.Future;
import java.util.List;

/** Tries on a running node what its work depends on; one examination at a time. */
public interface Doctor {
  /** All findings, those that are not well first. */
  @ForMembers
  Future<List<Finding>> examine();

  /** This node's clock, Unix time in milliseconds. */
  @ForMembers
  Future<Long> clock();

  /**
   * What was found.
   *
   * @param check what was tried: {@code health}, {@code join}, {@code clock}, {@code port}, {@code
   *     mtu}, {@code capabilities} or {@code kernel}
   * @param state {@code ok}, {@code warning} or {@code problem}
   * @param text one sentence for a person
   * @param action what to do about it; null if it is well
   */
  record Finding(String check, String state, String text, String action) {
    public static Finding ok(String check, String text) {
      return new Finding(check, "ok", text, null);
    }

    public static Finding warning(String check, String text, String action) {
      return new Finding(check, "warning", text, action);
    }

    public static Finding problem(String check, String text, String action) {
      return new Finding(check, "problem", text, action);
    }
  }
}
