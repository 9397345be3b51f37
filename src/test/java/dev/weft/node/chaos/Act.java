package dev.weft.node.chaos;

import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;

/**
 * One request to a node.
 *
 * @param text as a person would say it
 * @param touches what it changes: no two requests of a step change the same
 * @param effect on what has to be there, once it is acknowledged
 * @param part what else may have become of it if nobody knows
 */
record Act(
    String text,
    Set<String> touches,
    UnaryOperator<World> effect,
    UnaryOperator<World> part,
    Callable<Answer> call) {

  Act(String text, Set<String> touches, UnaryOperator<World> effect, Callable<Answer> call) {
    this(text, touches, effect, effect, call);
  }

  /** What came of a request. */
  enum Outcome {
    DONE,
    REFUSED,
    /** Nobody knows. */
    LOST
  }

  record Answer(Outcome outcome, String text) {}
}
