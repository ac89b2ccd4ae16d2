"""The bodies that CIRIS documents for the telemetry of its task scheduler, as they stand there."""

import json
from typing import Any

BODIES: dict[str, Any] = {
    "status": json.loads("""\
{
    "service_name": "TaskSchedulerService",
    "healthy": true,
    "uptime_seconds": 86400,
    "task_management": {
        "active_tasks": 12,
        "check_interval_seconds": 60,
        "cron_support": true
    },
    "execution_metrics": {
        "task_run_count": 1440,
        "task_error_count": 3,
        "task_error_rate": 0.002,
        "time_since_last_run": 25,
        "task_running": true
    },
    "performance": {
        "request_count": 89,
        "error_count": 1,
        "error_rate": 0.011
    }
}
"""),
    "tasks": json.loads("""\
{
    "total_count": 12,
    "filtered_count": 12,
    "tasks": [
        {
            "task_id": "task_1723644600.123",
            "name": "Daily Report Generation",
            "status": "ACTIVE",
            "type": "recurring",
            "next_execution": "2025-08-15T09:00:00Z",
            "deferral_count": 0,
            "created_at": "2025-08-14T10:30:00Z"
        }
    ],
    "summary": {
        "pending": 5,
        "active": 7,
        "one_time": 8,
        "recurring": 4
    }
}
"""),
    "analytics": json.loads("""\
{
    "period": "7d",
    "execution_summary": {
        "total_executions": 168,
        "successful_executions": 165,
        "failed_executions": 3,
        "success_rate": 0.982,
        "avg_executions_per_day": 24
    },
    "task_creation": {
        "tasks_created": 23,
        "tasks_completed": 18,
        "tasks_cancelled": 2,
        "completion_rate": 0.783
    },
    "deferral_patterns": {
        "total_deferrals": 12,
        "avg_deferrals_per_task": 0.52,
        "common_deferral_reasons": [
            {"reason": "System maintenance", "count": 5},
            {"reason": "High system load", "count": 3}
        ]
    }
}
"""),
    "cron": json.loads("""\
{
    "cron_support": {
        "available": true,
        "library": "croniter"
    },
    "active_cron_tasks": 4,
    "cron_expressions": [
        {
            "expression": "0 9 * * *",
            "description": "Daily at 9am",
            "task_count": 2,
            "next_triggers": [
                {
                    "task_id": "task_abc",
                    "task_name": "Daily Report",
                    "next_execution": "2025-08-15T09:00:00Z"
                }
            ]
        }
    ],
    "validation_stats": {
        "valid_expressions": 15,
        "invalid_attempts": 2,
        "success_rate": 0.882
    }
}
"""),
    "performance": json.loads("""\
{
    "service_performance": {
        "uptime_seconds": 86400,
        "check_frequency": {
            "interval_seconds": 60,
            "checks_per_hour": 60,
            "missed_checks": 0
        },
        "execution_timing": {
            "avg_trigger_delay_ms": 150,
            "max_trigger_delay_ms": 500,
            "tasks_triggered_on_time": 0.995
        }
    },
    "resource_usage": {
        "active_task_memory_mb": 0.5,
        "database_connections": 1,
        "background_task_status": "running"
    },
    "error_analysis": {
        "task_execution_errors": 3,
        "cron_parsing_errors": 1,
        "database_errors": 0,
        "most_common_error": "Invalid cron expression"
    }
}
"""),
    "capabilities": json.loads("""\
{
    "features": ["cron_scheduling", "one_time_defer", "task_persistence"],
    "cron_support": true,
    "description": "Task scheduling and deferral service",
    "service_name": "TaskSchedulerService",
    "actions": ["schedule_task", "cancel_task", "get_scheduled_tasks"],
    "version": "1.0.0",
    "dependencies": ["TimeService"]
}
"""),
    "statistics": json.loads("""\
{
    "total_tasks_created": 156,
    "active_tasks": 12,
    "completed_tasks": 142,
    "cancelled_tasks": 2,
    "failed_tasks": 0,
    "one_time_tasks": 89,
    "recurring_tasks": 67,
    "avg_deferral_count": 1.2,
    "most_deferred_task": {
        "task_id": "task_xyz",
        "deferral_count": 8,
        "name": "Weekly Cleanup"
    }
}
"""),
}
NODES: list[Any] = [
    json.loads("""\
{
    "node_type": "scheduled_task",
    "task_id": "task_1723644600.123",
    "metadata": {
        "name": "Daily Report Generation",
        "status": "ACTIVE",
        "task_type": "recurring",
        "cron_expression": "0 9 * * *",
        "created_at": "2025-08-14T10:30:00Z"
    },
    "relationships": [
        {"type": "CREATED_BY", "target": "thought_12345"},
        {"type": "SCHEDULED_FOR", "target": "time_2025-08-15T09:00:00Z"}
    ]
}
"""),
    json.loads("""\
{
    "node_type": "task_execution",
    "execution_id": "exec_1723644600.456",
    "metadata": {
        "task_id": "task_1723644600.123",
        "execution_type": "cron_trigger",
        "status": "completed",
        "triggered_at": "2025-08-15T09:00:00Z",
        "completed_at": "2025-08-15T09:02:30Z",
        "duration_seconds": 150
    },
    "relationships": [
        {"type": "EXECUTION_OF", "target": "task_1723644600.123"},
        {"type": "CREATED_THOUGHT", "target": "thought_67890"}
    ]
}
"""),
    json.loads("""\
{
    "node_type": "task_deferral",
    "deferral_id": "defer_1723644500.789",
    "metadata": {
        "task_id": "task_1723644600.123",
        "original_time": "2025-08-14T09:00:00Z",
        "deferred_until": "2025-08-15T09:00:00Z",
        "reason": "High system load detected",
        "deferral_count": 2
    },
    "relationships": [
        {"type": "DEFERRAL_OF", "target": "task_1723644600.123"},
        {"type": "REQUESTED_BY", "target": "thought_12345"}
    ]
}
"""),
]
METRICS = [
    "active_tasks",
    "check_interval",
    "task_run_count",
    "task_error_count",
    "task_error_rate",
    "task_interval_seconds",
    "time_since_last_task_run",
    "task_running",
    "uptime_seconds",
    "request_count",
    "error_count",
    "error_rate",
    "healthy",
    "scheduled_tasks_created",
    "scheduled_tasks_completed",
    "scheduled_tasks_failed",
    "deferral_requests",
    "cron_trigger_count",
    "avg_task_execution_time",
]
"""The table of the metrics, those that are not implemented there included."""
REAL_METRICS = [
    "tasks_scheduled",
    "tasks_triggered",
    "tasks_completed",
    "tasks_failed",
    "tasks_dead_lettered",
    "task_success_rate",
    "recurring_tasks",
    "oneshot_tasks",
]
"""Those that the service really has."""
LISTED = (
    *("task_id", "name", "goal_description", "status", "defer_until", "schedule_cron"),
    *("created_at", "last_triggered_at", "deferral_count", "is_recurring"),
)
"""The keys of a task where the service lists them."""
