"""The fault engine: rules, their schedules, rolls, and what each kind does. Pure: it draws and decides, others do."""
