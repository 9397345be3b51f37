package dev.weft.testkit;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

final class NeedsCondition implements ExecutionCondition {
  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    List<Need> missing =
        AnnotationSupport.findAnnotation(context.getElement(), Needs.class).stream()
            .flatMap(needs -> Arrays.stream(needs.value()))
            .filter(need -> !isMet(need))
            .toList();
    if (missing.isEmpty()) {
      return ConditionEvaluationResult.enabled("everything needed is here");
    }
    String reason = "this host lacks " + missing;
    if ("true".equals(System.getenv("CI"))) {
      throw new ExtensionConfigurationException(reason + ", which CI must have");
    }
    return ConditionEvaluationResult.disabled(reason);
  }

  private static boolean isMet(Need need) {
    try {
      return need.isMet();
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
